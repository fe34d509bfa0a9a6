"""Cameras on the network: MJPEG and RTSP."""
