import { defineConfig } from '@playwright/test'
import type { Engine } from './support/desk.ts'

// Each project runs on one database engine. The screens are the same on both, so only what goes through the whole
// product is repeated on PostgreSQL.
export default defineConfig<object, { engine: Engine }>({
  testDir: 'specs',
  outputDir: 'results',
  workers: 2, // each has a desk and mail servers of its own
  forbidOnly: !!process.env['CI'],
  // No test measures time: what is waited for comes late on a machine that is busy with something else, or not at all.
  timeout: 300_000,
  retries: 2, // a browser that stalls on a busy machine is reported as flaky, not as a failure
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1440, height: 900 },
    serviceWorkers: 'block', // what a test keeps back or counts does not pass by one; the spec of the installed app has it
    // Recording a trace takes as long again as the test: it is done on request, and when a test that failed is tried again.
    trace: process.env['FOYER_E2E_TRACE'] ? 'retain-on-failure' : 'on-first-retry',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
      ],
    },
  },
  projects: process.env['FOYER_MEASURE'] ? [{ name: 'measure', testDir: 'measure', retries: 0 }] : [
    { name: 'sqlite', use: { engine: 'sqlite' } },
    ...(process.env['FOYER_TEST_POSTGRES_URL']
      ? [{ name: 'postgres', testMatch: /mail\.spec\.ts/, use: { engine: 'postgres' as const } }]
      : []),
  ],
})
