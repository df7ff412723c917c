import { describe, expect, it } from 'vitest'
import { cleanPasted } from './pasted'

describe('what is pasted from a word processor', () => {
  it('keeps what is meant and loses how it looked', () => {
    const word = '<html><head><style>p.MsoNormal{color:red}</style></head><body><!--StartFragment--><p class="MsoNormal" style="margin:0"><span style="font-weight:bold;color:#f00">Hi</span><o:p></o:p></p><!--EndFragment--></body></html>'
    expect(cleanPasted(word)).toBe('<p><strong>Hi</strong></p>')
  })
  it('is not all bold because Google Docs wraps it', () => {
    expect(cleanPasted('<b style="font-weight:normal" id="docs-1"><p dir="ltr"><span style="font-style:italic">a</span> b</p></b>')).toBe('<p><em>a</em> b</p>')
  })
  it('has no images that only the other program can read', () => {
    expect(cleanPasted('<p>a<img src="file:///C:/x.png"><img src="data:image/png;base64,AA"><img src="https://x.test/a.png"></p>')).toBe('<p>a<img src="https://x.test/a.png"></p>')
  })
})
