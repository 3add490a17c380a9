import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pause } from './backoff.ts'
import { openStream, type Surroundings } from './stream.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))

/** An EventSource that does what the test says. */
class FakeSource {
  static opened: FakeSource[] = []
  readyState = 0
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  readonly listeners = new Map<string, (message: unknown) => void>()

  constructor(readonly url: string, readonly init?: EventSourceInit) {
    FakeSource.opened.push(this)
  }

  addEventListener(name: string, listener: (message: unknown) => void): void {
    this.listeners.set(name, listener)
  }

  close(): void {
    this.readyState = 2
  }

  open(): void {
    this.readyState = 1
    this.onopen?.()
  }

  emit(name: string, payload: unknown, lastEventId: string): void {
    this.listeners.get(name)?.({ data: typeof payload === 'string' ? payload : JSON.stringify(payload), lastEventId })
  }

  fail(readyState: 0 | 2): void {
    this.readyState = readyState
    this.onerror?.()
  }
}

function surroundings(me: () => Promise<{ status: number }>) {
  FakeSource.opened = []
  const asked: string[] = []
  const waiting: { run: () => void; ms: number }[] = []
  const world: Surroundings = {
    EventSource: FakeSource as unknown as Surroundings['EventSource'],
    fetch: (url) => (asked.push(url), me()),
    setTimeout: (run, ms) => waiting.push({ run, ms }),
    clearTimeout: (timer) => { waiting.splice(timer - 1, 1) },
    random: () => 0,
  }
  const source = () => FakeSource.opened.at(-1) as FakeSource
  return { world, asked, waiting, source }
}

const ok = async () => ({ status: 200 })

test('the address says what is asked for', () => {
  const { world, source } = surroundings(ok)
  openStream({}, world)
  assert.equal(source().url, '/api/stream')
  assert.deepEqual(source().init, { withCredentials: false })
  openStream({ baseUrl: 'https://f.example', guilds: ['1', '2'], events: ['voice.*', 'gap'], snapshot: true, lastEventId: '5-0' }, world)
  assert.equal(source().url, 'https://f.example/api/stream?guild=1&guild=2&events=voice.*%2Cgap&snapshot=1&lastEventId=5-0')
  assert.deepEqual(source().init, { withCredentials: true })
})

test('each event reaches onEvent and its own handler with its type and id', () => {
  const { world, source } = surroundings(ok)
  const seen: unknown[] = []
  const stream = openStream({
    onEvent: (event) => seen.push([event.event, event.id]),
    on: { 'voice.left': ({ userId }, id) => seen.push([userId, id]), 'room.deleted': () => seen.push('wrong') },
  }, world)
  source().open()
  source().emit('voice.left', { guildId: 'g', channelId: null, userId: 'u', previousChannelId: 'a', moved: false }, '7-1')
  assert.deepEqual(seen, [['voice.left', '7-1'], ['u', '7-1']])
  assert.equal(stream.lastEventId, '7-1')
})

test('an event without an id does not move the cursor back', () => {
  const { world, source } = surroundings(ok)
  const stream = openStream({}, world)
  source().emit('room.deleted', { guildId: 'g', channelId: 'a' }, '7-1')
  source().emit('unavailable', { reason: 'draining' }, '')
  assert.equal(stream.lastEventId, '7-1')
})

test('a payload that is no JSON is reported and skipped', (context) => {
  const { world, source } = surroundings(ok)
  const complaint = context.mock.method(console, 'error', () => {})
  const seen: string[] = []
  const stream = openStream({ onEvent: (event) => seen.push(event.event) }, world)
  source().emit('voice.left', '{', '7-1')
  source().emit('room.deleted', {}, '7-2')
  assert.deepEqual([seen, stream.lastEventId, complaint.mock.callCount()], [['room.deleted'], '7-2', 1])
})

test('a lost connection is left to the browser', async () => {
  const { world, source, asked, waiting } = surroundings(ok)
  const states: string[] = []
  openStream({ onStatus: (status) => states.push(status) }, world)
  source().open()
  source().fail(0)
  source().fail(0)
  await settled()
  source().open()
  assert.deepEqual(states, ['open', 'reconnecting', 'open'])
  assert.deepEqual([asked, waiting, FakeSource.opened.length], [[], [], 1])
})

test('when the browser gives up and the session lives, a new source continues from the last id', async () => {
  const { world, source, asked, waiting } = surroundings(ok)
  const states: string[] = []
  openStream({ snapshot: true, onStatus: (status) => states.push(status) }, world)
  source().open()
  source().emit('room.deleted', {}, '9-9')
  source().fail(2)
  await settled()
  assert.deepEqual(asked, ['/api/me'])
  waiting[0]?.run()
  assert.equal(source().url, '/api/stream?snapshot=1&lastEventId=9-9')
  source().open()
  assert.deepEqual(states, ['open', 'reconnecting', 'open'])
})

test('the pauses grow until it opens again, and trouble with /api/me is no sign-out', async () => {
  const { world, source, waiting } = surroundings(() => Promise.reject(new TypeError('network')))
  const stream = openStream({}, world)
  for (let n = 0; n < 3; n += 1) {
    source().fail(2)
    await settled()
    waiting.at(-1)?.run()
  }
  assert.deepEqual(waiting.map(({ ms }) => ms), [500, 1000, 2000])
  source().open()
  source().fail(2)
  await settled()
  assert.equal(waiting.at(-1)?.ms, 500)
  assert.equal(stream.status, 'reconnecting')
})

test('a session that has ended ends the stream', async () => {
  const { world, source, waiting } = surroundings(async () => ({ status: 401 }))
  const states: string[] = []
  const stream = openStream({ onStatus: (status) => states.push(status) }, world)
  source().fail(2)
  await settled()
  assert.deepEqual(states, ['reconnecting', 'signed-out'])
  assert.deepEqual([stream.status, waiting.length], ['signed-out', 0])
})

test('closing is final, in every state', async () => {
  const first = surroundings(ok)
  const stream = openStream({ onEvent: () => assert.fail('closed') }, first.world)
  const source = first.source()
  stream.close()
  source.emit('room.deleted', {}, '1-0')
  source.fail(2)
  await settled()
  assert.deepEqual([stream.status, source.readyState, first.asked], ['closed', 2, []])

  const second = surroundings(ok)
  const waiting = openStream({}, second.world)
  second.source().fail(2)
  await settled()
  assert.equal(second.waiting.length, 1)
  waiting.close()
  assert.equal(second.waiting.length, 0)

  const third = surroundings(ok)
  const asking = openStream({}, third.world)
  third.source().fail(2)
  asking.close()
  await settled()
  assert.deepEqual([third.waiting.length, asking.status], [0, 'closed'])
})

test('a pause is at most 30 s, scattered over half its range', () => {
  assert.deepEqual([pause(0, 0), pause(0, 1), pause(1, 0), pause(5, 1), pause(1e9, 0)], [500, 1000, 1000, 30_000, 15_000])
})
