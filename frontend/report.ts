// The report: steps without a round trip, kept on the device while it is written, sent when there is a network.
import { flow } from "./islands/flow"
import { hints } from "./islands/hints"

hints()
flow()
