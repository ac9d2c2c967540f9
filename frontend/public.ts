// The public pages: small on purpose. Everything works without it.
import "./css/public.css"
import { follow } from "./islands/follow"
import { hints } from "./islands/hints"
import { start } from "./islands/start"

start()
hints()
follow()
