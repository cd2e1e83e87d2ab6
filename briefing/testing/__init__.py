"""Fakes with a language of their own, for this project's tests and for yours: `FakeEngine`, `server`."""
