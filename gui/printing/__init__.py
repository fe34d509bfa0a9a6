"""Pages on paper: a PDF of HTML, and widgets drawn to stand in it."""
