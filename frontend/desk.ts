// The desk: keys, parts of pages that change in place, and the islands.
import "./css/desk.css"
import "./css/settings.css"
import { acting } from "./islands/acting"
import { hints } from "./islands/hints"
import { inplace } from "./islands/inplace"
import { keys } from "./islands/keys"
import { lists } from "./islands/lists"
import { live } from "./islands/live"
import { narrowing } from "./islands/narrowing"
import { replies } from "./islands/replies"
import { start } from "./islands/start"
import { told } from "./islands/told"
import { words } from "./islands/words"

start()
hints()
keys()
lists()
acting()
narrowing()
replies()
told()
words()
inplace()
live()
