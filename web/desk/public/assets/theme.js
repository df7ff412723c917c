// Sets colours, contrast and the size of the text before the first paint; a module would run too late and flash.
;(function () {
  function stored(name) {
    try {
      return localStorage.getItem(name)
    } catch {
      return null // storage may be blocked: follow the system
    }
  }
  var theme = stored('foyer.theme')
  var size = Number(stored('foyer.text'))
  var root = document.documentElement
  root.classList.toggle('dark', theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches))
  root.classList.toggle('contrast', stored('foyer.contrast') === 'high' || matchMedia('(prefers-contrast: more)').matches)
  if (size >= 90 && size <= 150) root.style.setProperty('--text-scale', String(size / 100))
})()
