"""HL7 v2 as it really arrives: ER7 text to canonical events, and the acknowledgement to send back."""
