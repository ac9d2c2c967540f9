// The public pages: small on purpose. Everything works without it.
import "./css/public.css"
import { start } from "./islands/start"

start()
