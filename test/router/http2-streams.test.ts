import http2 from 'node:http2'
import { Duplex } from 'node:stream'
import t from 'tap'
import { OpenStreams, replaceStreams } from '#router/http2/open-streams.ts'

t.test('open streams are found by their number until they are taken out', (t) => {
  const open = new OpenStreams<string>().set(1, 'a').set(3, 'b').set(5, 'c').set(3, 'B')
  t.equal(open.size, 3)
  t.same([open.get(3), open.get(7), open.has(5), open.has(7)], ['B', undefined, true, false])
  t.same([open.delete(1), open.delete(1), open.size], [true, false, 2])
  t.same([open.get(1), open.get(3), open.get(5)], [undefined, 'B', 'c'])
  t.end()
})

t.test('while all are gone through some may be taken out', (t) => {
  const open = new OpenStreams<string>().set(1, 'a').set(3, 'b').set(5, 'c')
  const seen: string[] = []
  open.forEach((stream, id) => {
    seen.push(stream)
    open.delete(id)
    open.delete(5)
  })
  t.same(seen, ['a', 'b'])
  t.equal(open.size, 0)
  t.end()
})

t.test('this Node has the Map that we replace', (t) => {
  const socket = new Duplex({ read: () => undefined, write: (_, __, done) => done() })
  const session = http2.performServerHandshake(socket)
  session.on('error', () => undefined)
  t.ok(replaceStreams(session))
  t.notOk(replaceStreams({} as typeof session))
  session.destroy()
  t.end()
})
