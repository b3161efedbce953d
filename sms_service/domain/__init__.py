"""Everything that can be wrong about medicine, time, language or law, decided without I/O."""
