// By which lines mail programs introduce the message that a reply repeats, in the languages of the programs. The rules work on
// lines, whether they stand in plain text or in markup; the server's (htmlx/history.go) know the same words.

const anyOf = (...words: string[]): string => `(?:${words.join('|')})`

/** "-----Original Message-----" and its like. */
const originalLine = new RegExp(
  `^[-_–—= ]{2,}${anyOf(
    'original message', 'ursprüngliche nachricht', 'originalnachricht', 'original-nachricht', 'message d[\'’]origine', 'message original',
    'mensaje original', 'messaggio originale', 'mensagem original', 'oorspronkelijk bericht', 'ursprungligt meddelande', 'originalmeddelande',
    'oprindelig meddelelse', 'opprinnelig melding', 'alkuperäinen viesti', 'oryginalna wiadomość', 'wiadomość oryginalna', 'původní zpráva',
    'eredeti üzenet', 'исходное сообщение', 'orijinal mesaj', 'özgün ileti', 'پیام اصلی', '元のメッセージ', '原始邮件', '原始郵件', '원본 메[일시]지?',
  )}\\s*[-_–—= ]{2,}:?$`,
  'i',
)

/** "---------- Forwarded message ---------", and what Apple's programs begin a forward with. */
const forwardedLine = new RegExp(
  `^(?:[-_–—= ]{2,}${anyOf(
    'forwarded message', 'begin forwarded message', 'weitergeleitete nachricht', 'message transféré', 'message transmis', 'mensaje reenviado',
    'messaggio inoltrato', 'mensagem encaminhada', 'doorgestuurd bericht', 'vidarebefordrat meddelande', 'przekazana wiadomość',
    'пересылаемое сообщение', 'пересланное сообщение', 'yönlendirilmiş ileti', 'پیام هدایت شده', 'پیام ارسال\u200cشده', '転送メッセージ', '转发邮件', '轉寄郵件',
    '전달된 메[일시]지?',
  )}\\s*[-_–—= ]{2,}:?|${anyOf(
    'begin forwarded message', 'anfang der weitergeleiteten nachricht', 'début du message (?:transféré|réexpédié)', 'inicio del mensaje reenviado',
    'inizio messaggio inoltrato', 'início da mensagem encaminhada', 'begin doorgestuurd bericht', 'vidarebefordrat brev',
    'начало переадресованного сообщения', '転送されたメッセージ', '下面是被转发的邮件',
  )}\\s*[:：])$`,
  'i',
)

const digit = /\p{Nd}/u
const ruleLine = /^[-_–—=*]{10,}$/

// English attributions count wherever a text ends by them; those of other languages only above a quotation, for their words are common.
const attribution = /^on\s.{0,200}\swrote\s*:$/i
const otherAttribution = new RegExp(
  `^(?:-{2,}.*\\s${anyOf('wrote', 'schrieb', 'a écrit', 'escribió', 'ha scritto')}\\s*:?\\s*-{2,}|${anyOf(
    'on\\s.*\\swrote', '.*\\d.*\\swrote', 'am\\s.*\\s(?:schrieb(?:\\s.*)?|geschrieben)', '.+\\sschrieb\\s.*', 'le\\s.*\\sa\\s+écrit',
    'el\\s.*\\sescribi[óo]', 'il\\s.*\\sha\\s+scritto', 'em\\s.*\\sescreveu', 'op\\s.*\\sschreef(?:\\s.*)?', '.*\\sskrev(?:\\s.*)?',
    '.*\\skirjoitti(?:\\s.*)?', '.*\\s(?:napisał|napisała|napisał\\(a\\)|pisze|napsal|napsala|napsal\\(a\\)|írta)(?:\\s.*)?',
    '.*\\s(?:пишет|писал|написал|написала|написал\\(а\\))', '.*\\syazd[ıi]', '.*\\sنوشت',
    '.*(?:写道|寫道|님이 작성|书写|書きました|のメッセージ)', '[^<]*\\d[^<]*<[^<>\\s]+@[^<>\\s]+>',
  )}\\s*[:：])$`,
  'i',
)

type Label = 'from' | 'date' | 'to' | 'subject' | 'copy'

const labels = new Map<string, Label>()
const named: Record<Label, string> = {
  from: 'from|von|de|da|van|från|fra|od|от|от кого|feladó|kimden|gönderen|lähettäjä|از|فرستنده|发件人|寄件者|寄件人|差出人|送信元|보낸 사람|보낸사람|expéditeur|remitente|mittente',
  date: 'sent|date|gesendet|datum|envoyé|enviado|enviado el|enviado em|enviada em|inviato|data|fecha|verzonden|skickat|sendt|dato|wysłano|дата|отправлено|odesláno|gönderildi|tarih|تاریخ|ارسال|发送时间|日期|发送日期|寄件日期|送信日時|日時|日付|보낸 날짜|보낸날짜|날짜|lähetetty|päiväys|elküldve|dátum|sent at',
  to: 'to|an|à|a|para|aan|till|til|do|кому|kime|alıcı|به|گیرنده|收件人|宛先|받는 사람|받는사람|komu|címzett|vastaanottaja|destinataire',
  subject: 'subject|betreff|objet|asunto|oggetto|onderwerp|ämne|emne|temat|тема|předmět|konu|موضوع|主题|主旨|件名|제목|assunto|tárgy|aihe|sujet',
  copy: 'cc|kopie|copie|copia|cópia|kopia|kopi|копия|dw|رونوشت|抄送|참조|bilgi|reply-to|antwort an|priority|priorität|importance|wichtigkeit|attachments|anlagen',
}
for (const [kind, words] of Object.entries(named)) for (const word of words.split('|')) labels.set(word, kind as Label)

/** Which line of a repeated header this is. Bold labels may have become "*From:*" in plain text. */
function labelOf(line: string): Label | undefined {
  const at = line.search(/[:：]/)
  if (at < 0 || at > 40) return undefined
  return labels.get(line.slice(0, at).replace(/^[*\s]+|[*\s]+$/g, '').toLowerCase())
}

/**
 * Whether a repeated header begins at a line: from whom, about what, when and to whom, in lines that may be folded. Less is enough
 * below a rule only; without it that could be what somebody wrote, such as the text of a contact form.
 */
function headerAt(lines: readonly string[], at: number): boolean {
  const first = labelOf(lines[at]!)
  if (first !== 'from' && first !== 'date') return false
  const found = new Set<Label>()
  let strange = 0
  for (const line of lines.slice(at, at + 14)) {
    const kind = labelOf(line)
    if (kind) found.add(kind)
    else if (line === '' && found.has('subject')) break
    else if (++strange > 3) break
  }
  if (!found.has('from')) return false
  return (found.has('subject') && found.has('date') && found.has('to')) || (found.size > 1 && ruleLine.test(lines[at - 1] ?? ''))
}

/** A line as the rules read it: without marks of direction, and with plain spaces. */
export const plainLine = (line: string): string =>
  line
    .slice(0, 2000)
    .replace(/[\u200e\u200f\u202a-\u202c\u2066-\u2069\ufeff]/g, '')
    .replace(/\s+/g, ' ')
    .trim()

/** What of a mail repeats others: lines from one on and up to another. */
export interface History {
  from: number
  to: number
}

/** Where a repeated header, or the line in front of one, stands; the number of lines if there is none. What is quoted is passed over. */
function headerStart(lines: readonly string[]): number {
  const at = lines.findIndex((line, i) => line !== '' && (originalLine.test(line) || forwardedLine.test(line) || headerAt(lines, i)))
  return at < 0 ? lines.length : at
}

/** Over how many lines an attribution may be broken. */
const mostLines = 4

/** How many of the last of these lines say who wrote what is quoted below them. */
function attributed(lines: readonly string[], aboveQuote: boolean): number {
  let joined = ''
  for (let n = 1; n <= Math.min(mostLines, lines.length); n++) {
    const line = lines.at(-n)!
    if (line === '' || isQuoted(line) || joined.length + line.length > 600 || (n > 1 && !/[:：-]$/.test(joined))) return 0
    joined = `${line} ${joined}`.trim()
    if (attribution.test(joined) || (n === 1 && originalLine.test(joined)) || (aboveQuote && otherAttribution.test(joined))) {
      // The line above may have the date, which hardly any program leaves out.
      const upper = lines.at(-2) ?? ''
      const goesOn = n === 1 && !digit.test(joined) && digit.test(upper) && upper.length < 200 && otherAttribution.test(`${upper} ${joined}`)
      return goesOn ? 2 : n
    }
  }
  return 0
}

const isQuoted = (line: string): boolean => line.startsWith('>')

/** The beginning of the quotation that ends before a line, with what introduces it. */
function quoteStart(lines: readonly string[], end: number): number {
  let quoted = false
  let n = end
  while (n > 0) {
    const line = lines[n - 1]!
    if (line === '' || isQuoted(line)) {
      quoted ||= line !== ''
      n -= 1
      continue
    }
    const introducing = attributed(lines.slice(Math.max(0, n - mostLines), n), quoted)
    if (!introducing) break
    n -= introducing
  }
  return n
}

/**
 * Finds what of a mail repeats others: from a repeated header on, and quotations that stand at the end. Lines are plain, quoted ones
 * begin with ">". Those from `end` on are the writer's own, such as a signature below the quotation. Quotations between answers
 * stay, for answers are not understood without them; so does a mail that is nothing but history.
 */
export function historyOf(lines: readonly string[], end = lines.length): History | undefined {
  const header = headerStart(lines)
  const last = Math.min(header, end)
  let from = quoteStart(lines, last)
  while (from > 0 && (lines[from - 1] === '' || ruleLine.test(lines[from - 1]!))) from -= 1
  const to = header < lines.length ? lines.length : end
  if (!lines.slice(from, to).some((line) => line !== '') || !lines.slice(0, from).some((line) => line !== '')) return undefined
  return { from, to }
}

/** Whether a text is the line in front of a message that is passed on. */
export const passesOn = (line: string): boolean => forwardedLine.test(line)
