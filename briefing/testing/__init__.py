"""Scripted fakes of engines and servers, for this project's tests and for yours."""
