import { expect, test } from 'vitest'
import { changesOf, noFilters, toQuery, typeLabel } from './filters'

test('no filter asks for everything', () => expect(toQuery(noFilters())).toBe(''))

test('filters are written in the grammar of the server, an open end of the dates included', () => {
  expect(JSON.parse(toQuery({ ...noFilters(), type: 'agent_login', actor: 7, from: '2030-01-02', text: ' x ' }))).toEqual([
    { model: 'activity_logs', field: 'activity_type', operator: 'equals', value: 'agent_login' },
    { model: 'activity_logs', field: 'actor_id', operator: 'equals', value: '7' },
    { model: 'activity_logs', field: 'created_at', operator: 'between', value: '2030-01-02,9999-12-31' },
    { model: 'activity_logs', field: 'activity_description', operator: 'contains', value: 'x' },
  ])
})

test('an event that is not known is shown as it is called', () => {
  expect(typeLabel('agent_login')).toBe('Signed in')
  expect(typeLabel('brand_new')).toBe('brand_new')
})

test('what changed is side by side, by field', () => {
  expect(changesOf({ before: { b: true, a: 'x' }, after: { b: false, c: ['m', 'n'] } })).toEqual([
    { field: 'a', before: 'x', after: '' },
    { field: 'b', before: 'yes', after: 'no' },
    { field: 'c', before: '', after: 'm, n' },
  ])
})
