// Chromium signs in through the simulator, sees a join appear and a leave disappear.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const { WEB_URL, CONTROL_URL, ROOM_ID, ROOM_NAME, SCREENSHOT } = process.env
const patience = { timeout: 30_000 }

async function act(verb, fields) {
  const reply = await fetch(`${CONTROL_URL}/control/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  })
  assert.equal(reply.status, 200, `${verb}: ${await reply.text()}`)
}

const profile = await mkdtemp(join(tmpdir(), 'fanfare-page-'))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
})
try {
  const page = await browser.newPage()
  const complaints = []
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()) })
  page.on('pageerror', (error) => complaints.push(String(error)))

  await page.goto(WEB_URL)
  await page.getByRole('link', { name: /sign in/i }).click()
  await page.waitForURL(`${WEB_URL}/**`, patience)
  await page.locator('[data-testid=connection][data-state=live]').waitFor(patience)

  const room = page.locator(`[data-testid=room][data-channel-id="${ROOM_ID}"]`)
  await room.waitFor(patience)
  const mason = room.locator('[data-testid=member]', { hasText: /mason/i })
  assert.equal(await mason.count(), 0, 'mason is not there yet')

  await act('join', { user: 'mason', channel: ROOM_NAME })
  await mason.waitFor(patience)
  const avatar = mason.locator('img')
  await avatar.evaluate((image) => image.decode())
  if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT, fullPage: true })

  await act('leave', { user: 'mason' })
  await mason.waitFor({ state: 'detached', ...patience })

  // An invite that was never one: the page says so, and what it was given is not lost on the way.
  await page.goto(`${WEB_URL}/join/${'0'.repeat(64)}`)
  await page.getByTestId('join').click(patience)
  await page.getByTestId('join-outcome').filter({ hasText: /not a member of|over, used up/ }).waitFor(patience)

  // The 401 of /api/me before the login and the refused invite are the complaints that belong to the story.
  const unexpected = complaints.filter((text) => !/40[134]/.test(text))
  assert.deepEqual(unexpected, [])
  console.log('a join appeared and a leave disappeared')
} finally {
  await browser.close()
  await rm(profile, { recursive: true, force: true })
}
