"""What other systems of the company push of their own accord: figures, and what sales knows of customers."""
