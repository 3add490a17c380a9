import { signOut, whoAmI } from './api.ts'
import { Live } from './live.ts'
import { account } from './view/account.ts'
import { showConnection } from './view/connection.ts'
import { invited, inviteOf, join } from './view/join.ts'
import { Notices } from './view/notices.ts'
import { OperationsView } from './view/operations.ts'
import { trouble, welcome } from './view/pages.ts'
import type { Me } from '../../../../libs/browser/src/index.ts'

/** The pause before the server is asked again who is signed in. */
const RETRY_MS = 5_000

const part = (id: string) => document.getElementById(id) as HTMLElement
const [main, head, connection, announcer] = [part('main'), part('account'), part('connection'), part('announcer')]
const notices = new Notices(part('notices'))
const invite = inviteOf(location.pathname)
/** What is shown to somebody who is signed in. */
let live: { readonly node: HTMLElement; close(): void } | undefined
let retry: number | undefined
let asking = false

function show(node: Node): void {
  main.replaceChildren(node)
}

function signedOut(): void {
  live?.close()
  live = undefined
  head.replaceChildren()
  showConnection(connection, 'signed-out')
  show(invite === undefined ? welcome() : invited())
}

function signedIn(me: Me): void {
  head.replaceChildren(...account(me, leave))
  if (invite !== undefined) {
    connection.hidden = true
    show(join(invite))
    return
  }
  if (location.pathname === '/operations') {
    connection.hidden = true
    live = new OperationsView(() => void begin())
    show(live.node)
    return
  }
  live = new Live(me, notices, announcer, (status) => {
    showConnection(connection, status)
    if (status === 'signed-out') {
      signedOut()
      notices.show('signed-out', 'Your session has ended. Sign in again to go on.')
    }
  })
  show(live.node)
}

async function leave(): Promise<void> {
  try {
    await signOut()
    signedOut()
  } catch {
    notices.show('sign-out', 'Signing out did not work. Please try again.')
  }
}

async function begin(): Promise<void> {
  if (asking) return
  clearTimeout(retry)
  asking = true
  try {
    const me = await whoAmI()
    if (me === null) signedOut()
    else signedIn(me)
  } catch {
    showConnection(connection, 'reconnecting')
    if (main.querySelector('[data-testid=trouble]') === null) show(trouble(() => void begin()))
    retry = setTimeout(() => void begin(), RETRY_MS)
  } finally {
    asking = false
  }
}

void begin()
