"""The FHIR door: Appointment and Patient in R4, R4B and R5, however a server pushes or answers them."""
