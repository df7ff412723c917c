/** The English texts that the code of the first script names. Made by desk/words.ts. */
declare module 'virtual:words/desk' {
  const words: Record<string, string>
  export default words
}

/** Those that only the pages of the administration name. */
declare module 'virtual:words/admin' {
  const words: Record<string, string>
  export default words
}
