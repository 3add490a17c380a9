import type { Me, SharedGuild } from '../../../../libs/browser/src/index.ts'

/** How long any answer may take. */
const PATIENCE_MS = 10_000

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(path, { credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS), ...init })
}

/** Who is signed in; null = nobody. Throws if the server does not answer or can't say. */
export async function whoAmI(): Promise<Me | null> {
  const reply = await ask('/api/me', { headers: { accept: 'application/json' } })
  if (reply.status === 401) return null
  if (!reply.ok) throw new Error(`/api/me answers ${reply.status}`)
  return (await reply.json()) as Me
}

/** The guilds that the user and the bot share. */
export async function sharedGuilds(): Promise<SharedGuild[]> {
  const reply = await ask('/api/guilds', { headers: { accept: 'application/json' } })
  if (!reply.ok) throw new Error(`/api/guilds answers ${reply.status}`)
  return (await reply.json()) as SharedGuild[]
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  const reply = await ask('/auth/logout', { method: 'POST', redirect: 'manual' })
  if (reply.type !== 'opaqueredirect' && !reply.ok && reply.status !== 401) throw new Error(`/auth/logout answers ${reply.status}`)
}

/** Where signing in begins; it comes back to a path of this host. */
export const signIn = (returnTo = '/') => `/auth/login?returnTo=${encodeURIComponent(returnTo)}`
