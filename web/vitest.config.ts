import { mergeConfig } from 'vitest/config'
import desk from './desk/vite.config.ts'

export default mergeConfig(desk, {
  root: import.meta.dirname,
  test: {
    environment: 'jsdom',
    setupFiles: ['./vitest.setup.ts'],
    include: ['{desk/src,ui}/**/*.test.ts'],
  },
})
