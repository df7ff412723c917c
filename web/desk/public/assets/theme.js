// Sets the colour scheme before the first paint; a module would run too late and flash.
;(function () {
  var mode = 'system'
  try {
    mode = localStorage.getItem('foyer.theme') || 'system'
  } catch {
    // Storage may be blocked: follow the system.
  }
  var dark = mode === 'dark' || (mode !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
