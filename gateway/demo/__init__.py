"""The whole chain shown, from a silo to a catalogue."""
