import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Agent, Id, Time } from '@ui/api/types'
import { keys, queryClient } from './query'

export type FactorMethod = 'totp' | 'passkey' | 'recovery_code'

/** What sign-in answers instead of an agent while it waits for a second factor. */
export interface WaitingSignIn {
  two_factor_required: true
  methods: FactorMethod[]
}

export interface Passkey {
  id: Id
  name: string
  created_at: Time
  last_used_at: Time | null
}

export interface FactorStatus {
  enabled: boolean
  required: boolean
  totp: boolean
  totp_since: Time | null
  recovery_codes_left: number
  passkeys: Passkey[]
}

/** What shows that whoever uses a session is its agent: one of these. */
export interface Proof {
  password?: string
  code?: string
  recovery_code?: string
  passkey?: SignedAnswer
}

interface Question {
  token: string
  options: unknown
}

interface SignedAnswer {
  token: string
  credential: unknown
}

export interface NewTotp {
  secret: string
  uri: string
  qr_code: string
}

/** Passkeys need a secure context and a browser that speaks their JSON forms. */
export const passkeysWork = typeof PublicKeyCredential !== 'undefined' && 'parseRequestOptionsFromJSON' in PublicKeyCredential

const factorsKey = ['factors'] as const

export const useFactors = () => useQuery({ queryKey: factorsKey, queryFn: ({ signal }) => api.get<FactorStatus>('/agents/me/two-factor', { signal }) })

export const useFactorsOf = (agent: Id) =>
  useQuery({ queryKey: [...factorsKey, agent], queryFn: ({ signal }) => api.get<FactorStatus>(`/agents/${agent}/two-factor`, { signal }) })

/** After a change of anybody's factors. */
export const factorsChanged = (): Promise<void> => queryClient.invalidateQueries({ queryKey: factorsKey })

/** Has the browser answer a question with a passkey. Rejects with NotAllowedError when the person does not want to. */
async function answer(question: Question, mediation?: CredentialMediationRequirement, signal?: AbortSignal): Promise<SignedAnswer> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(question.options as PublicKeyCredentialRequestOptionsJSON)
  const credential = (await navigator.credentials.get({ publicKey, mediation, signal })) as PublicKeyCredential
  return { token: question.token, credential: credential.toJSON() }
}

/** True for what a browser says when the person closed its passkey dialog, or we did. */
export const dismissed = (cause: unknown): boolean => cause instanceof DOMException && ['NotAllowedError', 'AbortError'].includes(cause.name)

/**
 * Signs in by a passkey. With `signal` it waits, until aborted, for one to be chosen from the suggestions of the field
 * for the address; without, the browser asks at once.
 */
export async function signInByPasskey(signal?: AbortSignal): Promise<Agent> {
  const question = await api.post<Question>('/auth/passkey/options')
  const agent = await api.post<Agent>('/auth/passkey', await answer(question, signal && 'conditional', signal))
  queryClient.setQueryData(keys.me, agent)
  return agent
}

/** Whether the browser suggests passkeys in the field for the address. */
export const suggestsPasskeys = async (): Promise<boolean> =>
  passkeysWork && (await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false))

export const provePasskey = async (): Promise<Proof> => ({ passkey: await answer(await api.post<Question>('/agents/me/two-factor/proof')) })

/** Makes a passkey and keeps it. Resolves with recovery codes if the agent had none. */
export async function addPasskey(name: string, proof: Proof): Promise<string[]> {
  const question = await api.post<Question>('/agents/me/passkeys/options', proof)
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(question.options as PublicKeyCredentialCreationOptionsJSON)
  const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential
  const body = { name, token: question.token, credential: credential.toJSON() }
  return (await api.post<{ recovery_codes: string[] }>('/agents/me/passkeys', body)).recovery_codes
}

export const beginTotp = (proof: Proof): Promise<NewTotp> => api.post('/agents/me/two-factor/totp', proof)

export const confirmTotp = async (code: string): Promise<string[]> =>
  (await api.post<{ recovery_codes: string[] }>('/agents/me/two-factor/totp/confirm', { code })).recovery_codes

export const removeTotp = (proof: Proof): Promise<boolean> => api.post('/agents/me/two-factor/totp/remove', proof)

export const newRecoveryCodes = async (proof: Proof): Promise<string[]> =>
  (await api.post<{ recovery_codes: string[] }>('/agents/me/two-factor/recovery-codes', proof)).recovery_codes

export const renamePasskey = (id: Id, name: string): Promise<Passkey> => api.put(`/agents/me/passkeys/${id}`, { name })

export const removePasskey = (id: Id, proof: Proof): Promise<boolean> => api.post(`/agents/me/passkeys/${id}/remove`, proof)
