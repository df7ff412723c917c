/**
 * Holds the types of types.ts against those generated from the server's OpenAPI document
 * (schema.d.ts, made by `npm run generate`). A field that the server does not know, or that it may leave
 * null where we do not expect it, does not compile.
 */
import type { components } from './schema'
import type * as Ours from './types'

type Theirs = components['schemas']

/** Without the index signature by which the document allows further fields. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] }

type Unknown<O, T> = Exclude<keyof O, keyof T>
/** Lists and objects are left out: the document calls them nullable because the server's language would allow it. */
type NullUnawares<O, T> = {
  [K in keyof O & keyof T]-?: NonNullable<T[K]> extends string | number | boolean
    ? null extends T[K]
      ? null extends O[K]
        ? never
        : K
      : never
    : never
}[keyof O & keyof T]

/** Names of the fields in which a type of ours departs from the server's. */
type Drift<O, T> = Unknown<O, Named<T>> | NullUnawares<O, Named<T>>
type None<D extends never> = D

export type Contract = [
  None<Drift<Ours.Agent, Theirs['Agent']>>,
  None<Drift<Ours.UserCompact, Theirs['AgentCompact']>>,
  None<Drift<Ours.TeamCompact, Theirs['TeamCompact']>>,
  None<Drift<Ours.Conversation, Theirs['Conversation']>>,
  None<Drift<Ours.ConversationRow, Theirs['ConversationListItem']>>,
  None<Drift<Ours.ConversationContact, Theirs['Contact']>>,
  None<Drift<Ours.Message, Theirs['ConversationMessage']>>,
  None<Drift<Ours.Attachment, Theirs['MediaAttachment']>>,
  None<Drift<Ours.Author, Theirs['ConversationAuthor']>>,
  None<Drift<Ours.SendMessage, Theirs['SendBody']>>,
  None<Drift<Ours.Media, Theirs['Media']>>,
  None<Drift<Ours.Draft, Theirs['ConversationDraft']>>,
  None<Drift<Ours.Status, Theirs['ConversationStatus']>>,
  None<Drift<Ours.Priority, Theirs['ConversationPriority']>>,
  None<Drift<Ours.Tag, Theirs['ConversationTag']>>,
  None<Drift<Ours.Counts, Theirs['ConversationCounts']>>,
  None<Drift<Ours.Config, Theirs['PublicConfig']>>,
]
