// Chromium signs in through the simulator, sees a join appear and a leave disappear; makes a room, writes in it, invites to it and
// closes it; is told when it drops out of voice.
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

/** Makes a room, talks in it, invites to it, and closes it. */
async function rooms(page) {
  await page.getByTestId('new-room-open').first().click()
  await page.getByTestId('room-name').fill('Late night band')
  await page.getByTestId('room-make').click()
  await page.locator('dialog:modal').getByTestId('room-made').waitFor(patience)
  await page.getByRole('button', { name: 'Done' }).click()
  const card = page.getByTestId('room').filter({ hasText: 'Late night band' })
  await card.getByTestId('room-open').click(patience)

  await page.getByTestId('message-text').fill('hello <b>there</b>')
  await page.getByTestId('message-send').click(patience)
  const message = page.getByTestId('message').filter({ hasText: 'hello <b>there</b>' })
  await message.waitFor(patience)
  assert.equal(await message.count(), 1)
  assert.equal(await page.getByTestId('message-text').inputValue(), '', 'what was sent is gone from the field')
  await message.hover()
  await message.getByRole('button', { name: 'React with 🎉' }).click()
  await message.getByTestId('reaction').filter({ hasText: '🎉' }).waitFor(patience)

  await page.getByTestId('invite').click()
  await page.getByTestId('invite-make').click()
  const address = await page.getByTestId('invite-url').inputValue(patience)
  assert.match(address, /\/join\/[0-9a-f]{64}$/)
  await page.getByRole('button', { name: 'Revoke it' }).click()
  await page.locator('dialog:modal').getByText('does not let anybody in any more').waitFor(patience)
  await page.getByRole('button', { name: 'Done' }).click()

  // By the keyboard alone.
  await page.getByTestId('message-text').focus()
  await page.keyboard.type('and by keys')
  await page.keyboard.press('Enter')
  await page.getByTestId('message').filter({ hasText: 'and by keys' }).waitFor(patience)
  await page.getByRole('list', { name: 'Messages' }).focus()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByTestId('message').filter({ hasText: 'and by keys' }).getByTestId('reaction').waitFor(patience)

  if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT.replace('.png', '-room.png') })
  await page.getByTestId('remove').click()
  await page.getByTestId('remove-really').click()
  await card.waitFor({ state: 'detached', ...patience })
  await page.getByTestId('panel').waitFor({ state: 'detached', ...patience })
  // Nothing of that kind is offered in a room that Fanfare did not make.
  await page.locator(`[data-testid=room][data-channel-id="${ROOM_ID}"]`).getByTestId('room-open').click()
  await page.getByTestId('enter').waitFor(patience)
  assert.equal(await page.getByTestId('remove').isVisible(), false)
  assert.equal(await page.getByTestId('invite').isVisible(), false)
}

/** Whoever is put out of voice is told so, until they are back. */
async function dropout(page) {
  const { username } = await (await page.request.get(`${WEB_URL}/api/me`)).json()
  const myself = page.locator(`[data-testid=room][data-channel-id="${ROOM_ID}"]`).getByTestId('member')
  await act('join', { user: username, channel: ROOM_NAME })
  await myself.first().waitFor(patience)
  await act('leave', { user: username })
  const dialog = page.getByTestId('dropout')
  await dialog.getByRole('link', { name: 'Rejoin from Discord' }).waitFor(patience)
  await act('join', { user: username, channel: ROOM_NAME })
  await dialog.waitFor({ state: 'detached', ...patience })
  await act('leave', { user: username })
  await dialog.getByRole('button', { name: 'Stay out' }).click(patience)
  await dialog.waitFor({ state: 'detached', ...patience })
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

  await rooms(page)
  await dropout(page)

  // An invite that was never one: the page says so, and what it was given is not lost on the way.
  await page.goto(`${WEB_URL}/join/${'0'.repeat(64)}`)
  await page.getByTestId('join').click(patience)
  await page.getByTestId('join-outcome').filter({ hasText: /not a member of|over, used up/ }).waitFor(patience)

  // An operator finds the gateway and its shard; without the session nobody does.
  await page.goto(WEB_URL)
  await page.getByTestId('operations-link').click(patience)
  await page.getByRole('table', { name: /1 connected, 1 held, of 1/ }).getByRole('cell', { name: 'CONNECTED' }).waitFor(patience)
  if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT.replace('.png', '-operations.png') })
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByTestId('signed-out').waitFor(patience)

  // The 401 of /api/me before the login and what was refused are the complaints that belong to the story.
  const unexpected = complaints.filter((text) => !/40[134]/.test(text))
  assert.deepEqual(unexpected, [])
  console.log('people came and went, a room was made and closed')
} finally {
  await browser.close()
  await rm(profile, { recursive: true, force: true })
}
