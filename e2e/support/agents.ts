// Agents that a test makes for itself.

import { expect, type Page } from '@playwright/test'
import type { API } from './desk.ts'

export const password = 'Correct-horse-8-battery'

/** An agent who may sign in. Returns their address. */
export async function addAgent(api: API, name: string, roles = ['Agent']): Promise<string> {
  const email = `${name.toLowerCase()}@acme.example`
  const { id } = await api.post<{ id: number }>('/api/v1/agents', { first_name: name, email, roles })
  await api.put(`/api/v1/agents/${id}`, { first_name: name, email, roles, enabled: true, availability_status: 'offline', new_password: password })
  return email
}

export async function signInAs(page: Page, email: string): Promise<void> {
  await page.goto('/')
  await page.locator('#email').fill(email)
  await page.locator('#password').fill(password)
  await page.locator('#password').press('Enter')
  // To go on before the desk has answered would end the request.
  await expect(page.locator('#password')).toBeHidden()
}
