import { learnWords } from '@/admin/words'

// Tests of the administration begin where its pages do: with their texts.
await learnWords()
