"""A local stand-in for Twilio's Messages API, with phones that a person can look at and answer from."""
