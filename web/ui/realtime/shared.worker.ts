import { SharedConnection, type Port } from './shared'

/** Of a shared worker's scope, what the library for pages does not name. */
interface Scope {
  onconnect: ((event: MessageEvent) => void) | null
}

const connection = new SharedConnection((url) => new WebSocket(url))

;(self as unknown as Scope).onconnect = ({ ports }) => {
  for (const port of ports) connection.connect(port as Port)
}
