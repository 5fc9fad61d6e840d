"""What is kept of people and units beyond one case: workers, posts, certificates, bars, archives."""
