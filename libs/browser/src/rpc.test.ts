import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRoom, FanfareError, guilds, issueStreamToken, messages } from './rpc.ts'

/** A server that answers as the test says, and keeps what it was asked. */
function server(answer: () => Response | Promise<Response>) {
  const asked: { url: string; init: RequestInit }[] = []
  const fetch = (async (url: string, init: RequestInit) => {
    asked.push({ url, init })
    return answer()
  }) as unknown as typeof globalThis.fetch
  const header = (name: string, index = -1) => new Headers(asked.at(index)?.init.headers).get(name)
  return { asked, fetch, header }
}

async function failure(promise: Promise<unknown>): Promise<FanfareError> {
  const error = await promise.then(() => assert.fail('it did not fail'), (error: unknown) => error)
  assert(error instanceof FanfareError)
  return error
}

test('a function is a call with JSON and a key of its own', async () => {
  const made = { channelId: '7', inviteToken: 't', inviteUrl: 'https://f/join/t' }
  const { asked, fetch, header } = server(() => Response.json(made))
  assert.deepEqual(await createRoom({ name: 'Lounge', userLimit: 5 }, { fetch }), made)
  assert.equal(asked[0]?.url, '/api/rpc/createRoom')
  assert.equal(asked[0]?.init.method, 'POST')
  assert.equal(asked[0]?.init.credentials, 'same-origin')
  assert.deepEqual(JSON.parse(String(asked[0]?.init.body)), { name: 'Lounge', userLimit: 5 })
  assert.equal(header('content-type'), 'application/json')
  await createRoom({ name: 'Lounge' }, { fetch })
  assert.notEqual(header('idempotency-key', 0), header('idempotency-key', 1))
  await createRoom({ name: 'Lounge' }, { fetch, idempotencyKey: 'mine', baseUrl: 'https://fanfare.example' })
  assert.equal(header('idempotency-key'), 'mine')
  assert.equal(asked[2]?.url, 'https://fanfare.example/api/rpc/createRoom')
  assert.equal(asked[2]?.init.credentials, 'include')
  await issueStreamToken({ fetch })
  assert.equal(asked[3]?.init.body, '{}')
})

test('reads name their page', async () => {
  const { asked, fetch } = server(() => Response.json({ messages: [] }))
  await messages('7', { before: '9', limit: 100 }, { fetch })
  await messages('7', {}, { fetch })
  await guilds({ fetch })
  const urls = asked.map(({ url }) => url)
  assert.deepEqual(urls, ['/api/channels/7/messages?before=9&limit=100', '/api/channels/7/messages', '/api/guilds'])
})

test('what fails carries the problem document', async () => {
  const problem = {
    type: 'about:blank', status: 400, title: 'The request is not valid', code: 'validation',
    errors: [{ field: 'name', code: 'too-long', message: 'may have 100 characters, and has 101' }],
  }
  const refused = await failure(createRoom({ name: 'x' }, server(() => Response.json(problem, { status: 400 }))))
  assert.deepEqual(refused.problem, problem)
  assert.equal(refused.code, 'validation')
  assert.equal(refused.message, 'The request is not valid')
  assert.match(refused.field('name') ?? '', /101/)
  assert.equal(refused.field('userLimit'), undefined)

  const limited = { type: 'about:blank', status: 429, title: 'Too many requests', code: 'rate-limited', detail: 'Wait.' }
  const late = await failure(createRoom({ name: 'x' }, server(() => Response.json(limited, { status: 429, headers: { 'retry-after': '3' } }))))
  assert.equal(late.retryAfterMs, 3_000)
  assert.equal(late.message, 'Wait.')
})

test('an answer that is not ours, or none at all, is an error of the same kind', async () => {
  const proxy = await failure(createRoom({ name: 'x' }, server(() => new Response('<h1>Bad gateway</h1>', { status: 502 }))))
  assert.equal(proxy.status, 502)
  assert.equal(proxy.code, 'error')
  const page = await failure(createRoom({ name: 'x' }, server(() => new Response('<html>', { status: 200 }))))
  assert.equal(page.code, 'error')
  const away = await failure(createRoom({ name: 'x' }, server(() => Promise.reject(new TypeError('Failed to fetch')))))
  assert.equal(away.status, 0)
  assert.equal(away.code, 'no-answer')
})

test('who gives up gets the own reason back', async () => {
  const controller = new AbortController()
  const { fetch } = server(() => {
    controller.abort(new Error('left the page'))
    return Promise.reject(new DOMException('aborted', 'AbortError'))
  })
  await assert.rejects(createRoom({ name: 'x' }, { fetch, signal: controller.signal }), /left the page/)
})
