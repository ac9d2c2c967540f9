// The public pages: small on purpose. Everything works without it.
import "./css/public.css"
import { follow } from "./islands/follow"
import { kept } from "./islands/kept"
import { places } from "./islands/places"
import { start } from "./islands/start"

start()
places()
kept()
follow()
