"""What proves that the record is whole: replay, `flask verify` and its checks, the hourly roots."""
