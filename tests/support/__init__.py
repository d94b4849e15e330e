"""What tests share: stores, cities, small real things."""
