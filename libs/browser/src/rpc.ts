import type {
  AddReaction,
  ChannelAbilities,
  ChannelMessages,
  ConnectUserToVoiceChannel,
  CreateInvite,
  CreateRoom,
  DeleteRoom,
  Done,
  InviteMade,
  JoinRoom,
  Me,
  MessageSent,
  Operations,
  Problem,
  RevokeInvite,
  RoomJoined,
  RoomMade,
  SendMessage,
  SharedGuild,
  StreamToken,
  UserConnected,
} from './contracts.ts'

/** How long an answer may take in ms: longer than the server takes to say that it does not know. */
const PATIENCE_MS = 60_000

/** Something that failed, with the server's problem document. `problem.code` is for programs, `message` for people. */
export class FanfareError extends Error {
  override readonly name = 'FanfareError'

  constructor(readonly problem: Problem, readonly retryAfterMs?: number) {
    super(problem.detail ?? problem.title)
  }

  /** Status of the answer; 0 = there was none. */
  get status(): number {
    return this.problem.status
  }

  get code(): string {
    return this.problem.code
  }

  /** What is wrong with a field, in words. */
  field(name: string): string | undefined {
    return this.problem.errors?.find(({ field }) => field === name)?.message
  }
}

export interface CallOptions {
  /** Where Fanfare is; default: the page's own origin. */
  baseUrl?: string
  /** Asked again with the same key, nothing is done twice. Default: a new one for each call. */
  idempotencyKey?: string
  signal?: AbortSignal
  /** For tests. */
  fetch?: typeof fetch
}

/** Makes a private room. */
export const createRoom = (input: CreateRoom, options?: CallOptions) => call<RoomMade>('createRoom', input, options)

/** Lets the user into a room. */
export const joinRoom = (input: JoinRoom, options?: CallOptions) => call<RoomJoined>('joinRoom', input, options)

/** Moves somebody who is in voice into a room. */
export const connectUserToVoiceChannel = (input: ConnectUserToVoiceChannel, options?: CallOptions) =>
  call<UserConnected>('connectUserToVoiceChannel', input, options)

/** Removes a room that Fanfare made. */
export const deleteRoom = (input: DeleteRoom, options?: CallOptions) => call<Done>('deleteRoom', input, options)

/** Makes an invite to a room. */
export const createInvite = (input: CreateInvite, options?: CallOptions) => call<InviteMade>('createInvite', input, options)

/** Revokes an invite. */
export const revokeInvite = (input: RevokeInvite, options?: CallOptions) => call<Done>('revokeInvite', input, options)

/** Posts a message in the user's name. */
export const sendMessage = (input: SendMessage, options?: CallOptions) => call<MessageSent>('sendMessage', input, options)

/** Reacts to a message; the reaction is the bot's, one for all who use Fanfare. */
export const addReaction = (input: AddReaction, options?: CallOptions) => call<Done>('addReaction', input, options)

/** A token that opens a WebSocket where the cookie does not go. */
export const issueStreamToken = (options?: CallOptions) => call<StreamToken>('issueStreamToken', {}, options)

/** Who is signed in. */
export const me = (options?: CallOptions) => read<Me>('/api/me', options)

/** The guilds that the user and the bot share. */
export const guilds = (options?: CallOptions) => read<SharedGuild[]>('/api/guilds', options)

/** What was written in a channel, the newest first. */
export function messages(channelId: string, page: { before?: string; limit?: number } = {}, options?: CallOptions): Promise<ChannelMessages> {
  const query = new URLSearchParams()
  if (page.before !== undefined) query.set('before', page.before)
  if (page.limit !== undefined) query.set('limit', String(page.limit))
  const text = query.toString()
  return read(`/api/channels/${encodeURIComponent(channelId)}/messages${text === '' ? '' : `?${text}`}`, options)
}

/** What the user may do in a channel. */
export const abilities = (channelId: string, options?: CallOptions) =>
  read<ChannelAbilities>(`/api/channels/${encodeURIComponent(channelId)}/abilities`, options)

/** Gateways, shards and the replica that answers: for operators. */
export const operations = (options?: CallOptions) => read<Operations>('/api/operations', options)

function call<Output>(name: string, input: unknown, options: CallOptions = {}): Promise<Output> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': options.idempotencyKey ?? crypto.randomUUID() }
  return ask(`/api/rpc/${name}`, { method: 'POST', headers, body: JSON.stringify(input) }, options)
}

function read<Output>(path: string, options: CallOptions = {}): Promise<Output> {
  return ask(path, { method: 'GET' }, options)
}

async function ask<Output>(path: string, init: RequestInit, { baseUrl = '', signal, fetch = globalThis.fetch }: CallOptions): Promise<Output> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  const headers = { accept: 'application/json, application/problem+json', ...(init.headers as Record<string, string> | undefined) }
  let reply: Response
  try {
    reply = await fetch(baseUrl + path, {
      ...init,
      headers,
      credentials: baseUrl === '' ? 'same-origin' : 'include',
      cache: 'no-store',
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw new FanfareError(problem(0, 'no-answer', 'Fanfare does not answer', error instanceof Error ? error.message : undefined))
  }
  const body: unknown = await reply.json().catch(() => undefined)
  if (reply.ok && body !== undefined) return body as Output
  const seconds = Number(reply.headers.get('retry-after') ?? NaN)
  const said = isProblem(body) ? body : problem(reply.status, 'error', `Fanfare answered with ${reply.status}`)
  throw new FanfareError(said, Number.isFinite(seconds) ? seconds * 1_000 : undefined)
}

/** What stands between may answer with something else. */
function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false
  const { status, code, title } = body as Record<string, unknown>
  return typeof status === 'number' && typeof code === 'string' && typeof title === 'string'
}

function problem(status: number, code: string, title: string, detail?: string): Problem {
  return { type: 'about:blank', status, title, code, ...(detail === undefined ? {} : { detail }) }
}
