"""The report of a dataset: one HTML file that shows what the nightly run did, and which pages to look at first."""
