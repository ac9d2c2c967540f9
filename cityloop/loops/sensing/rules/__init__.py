"""Pure decisions of sensing: times, what is said of an entity, why a reading is not believed."""
