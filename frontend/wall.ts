// The wall: the map, the live parts, and the views that take turns.
import "./css/wall.css"
import { live } from "./islands/live"
import { start } from "./islands/start"
import { turning } from "./islands/turning"

start()
turning()
live()
