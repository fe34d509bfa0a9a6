"""What is learnt at once from described pictures: heads in closed form, how sure they are, which words look wrong."""
