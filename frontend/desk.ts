// The desk: htmx for parts of pages, keys, and the islands.
import "./css/desk.css"
import "./css/settings.css"
import "htmx.org"
import { hints } from "./islands/hints"
import { keys } from "./islands/keys"
import { live } from "./islands/live"
import { start } from "./islands/start"

start()
hints()
keys()
live()
