"""What can be wrong with the words of a text, one module for each kind of trouble."""
