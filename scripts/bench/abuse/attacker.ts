import { attacks, listenHostile } from './attacks.ts'

/**
 * A process of its own: prints the port of its hostile app, then goes on with one attack, whose name
 * comes over the channel, until it is ended.
 */
process.on('message', ({ name, port, securePort }: Order) => attacks[name]?.({ port, securePort }))
process.on('disconnect', () => process.exit())
process.send?.({ port: await listenHostile() })

export interface Order {
  readonly name: string
  readonly port: number
  readonly securePort: number
}
