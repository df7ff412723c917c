package htmlx

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file knows by which lines clients introduce the message that a reply or a forward repeats, in the languages of
// the clients. The rules work on lines, whether they stand in plain text or in markup.

// wordsOf joins alternatives of a pattern.
func wordsOf(list ...string) string { return "(?:" + strings.Join(list, "|") + ")" }

var (
	// originalLine is Outlook's, Gmail's and others' line in front of a repeated message: "-----Original Message-----".
	originalLine = regexp.MustCompile(`(?i)^[-_–—= ]{2,}\s*` + wordsOf(
		`original message`, `forwarded message`, `begin forwarded message`, `ursprüngliche nachricht`, `originalnachricht`,
		`original-nachricht`, `weitergeleitete nachricht`, `message d['’]origine`, `message original`, `message transféré`,
		`message transmis`, `mensaje original`, `mensaje reenviado`, `messaggio originale`, `messaggio inoltrato`,
		`mensagem original`, `mensagem encaminhada`, `oorspronkelijk bericht`, `doorgestuurd bericht`, `ursprungligt meddelande`,
		`originalmeddelande`, `vidarebefordrat meddelande`, `oprindelig meddelelse`, `opprinnelig melding`, `alkuperäinen viesti`,
		`oryginalna wiadomość`, `wiadomość oryginalna`, `przekazana wiadomość`, `původní zpráva`, `eredeti üzenet`,
		`исходное сообщение`, `пересылаемое сообщение`, `пересланное сообщение`, `orijinal mesaj`, `özgün ileti`, `yönlendirilmiş ileti`,
		`پیام اصلی`, `پیام هدایت شده`, `پیام ارسال\x{200c}شده`, `元のメッセージ`, `転送メッセージ`, `原始邮件`, `原始郵件`, `转发邮件`, `轉寄郵件`,
		`원본 메[일시]지?`, `전달된 메[일시]지?`,
	) + `\s*[-_–—= ]{2,}\s*:?$`)
	// passedOnLine is how Apple's clients begin what they pass on.
	passedOnLine = regexp.MustCompile(`(?i)^` + wordsOf(`begin forwarded message`, `anfang der weitergeleiteten nachricht`,
		`début du message (?:transféré|réexpédié)`, `inicio del mensaje reenviado`, `inizio messaggio inoltrato`,
		`início da mensagem encaminhada`, `begin doorgestuurd bericht`, `vidarebefordrat brev`, `начало переадресованного сообщения`,
		`転送されたメッセージ`, `下面是被转发的邮件`) + `\s*[:：]$`)
	ruleLine = regexp.MustCompile(`^[-_–—=*]{10,}$`)
)

// English attributions count wherever a text ends by them; those of other languages only above a quote, for their words
// are common ones.
var (
	attribution      = regexp.MustCompile(`(?i)^\s*(?:>\s*)*on\s.{0,200}\swrote\s*:\s*$`)
	otherAttribution = regexp.MustCompile(`(?i)^[\s>]*` + wordsOf(
		`-{2,}.*\s(?:wrote|schrieb|a écrit|escribió|ha scritto)\s*:?\s*-{2,}`, // Zoho, Notes
		wordsOf(`on\s.*\swrote`, `.*\d.*\swrote`,
			`am\s.*\s(?:schrieb(?:\s.*)?|geschrieben)`, `.+\sschrieb\s.*`,
			`le\s.*\sa\s+écrit`, `el\s.*\sescribi[óo]`, `il\s.*\sha\s+scritto`, `em\s.*\sescreveu`,
			`op\s.*\sschreef(?:\s.*)?`, `.*\sskrev(?:\s.*)?`, `.*\skirjoitti(?:\s.*)?`,
			`.*\s(?:napisał|napisała|napisał\(a\)|pisze|napsal|napsala|napsal\(a\)|írta)(?:\s.*)?`,
			`.*\s(?:пишет|писал|написал|написала|написал\(а\))`, `.*\syazd[ıi]`, `.*\sنوشت`,
			`.*(?:写道|寫道|님이 작성|书写|書きました|のメッセージ)`,
			`.*\d.*<[^<>\s]+@[^<>\s]+>`,
		)+`\s*[:：]`,
	) + `\s*$`)
)

// The kinds of lines in the header that clients repeat above an old message.
const (
	fromLabel = 1 << iota
	dateLabel
	toLabel
	subjectLabel
	copyLabel
)

var labels = map[string]int{}

func init() {
	for kind, words := range map[int]string{
		fromLabel:    `from|von|de|da|van|från|fra|od|от|от кого|feladó|kimden|gönderen|lähettäjä|از|فرستنده|发件人|寄件者|寄件人|差出人|送信元|보낸 사람|보낸사람|expéditeur|remitente|mittente`,
		dateLabel:    `sent|date|gesendet|datum|envoyé|enviado|enviado el|enviado em|enviada em|inviato|data|fecha|verzonden|skickat|sendt|dato|wysłano|дата|отправлено|odesláno|gönderildi|tarih|تاریخ|ارسال|发送时间|日期|发送日期|寄件日期|送信日時|日時|日付|보낸 날짜|보낸날짜|날짜|lähetetty|päiväys|elküldve|dátum|sent at`,
		toLabel:      `to|an|à|a|para|aan|till|til|do|кому|kime|alıcı|به|گیرنده|收件人|宛先|받는 사람|받는사람|komu|címzett|vastaanottaja|destinataire`,
		subjectLabel: `subject|betreff|objet|asunto|oggetto|onderwerp|ämne|emne|temat|тема|předmět|konu|موضوع|主题|主旨|件名|제목|assunto|tárgy|aihe|sujet`,
		copyLabel:    `cc|kopie|copie|copia|cópia|kopia|kopi|копия|dw|رونوشت|抄送|참조|bilgi|reply-to|antwort an|priority|priorität|importance|wichtigkeit|attachments|anlagen`,
	} {
		for word := range strings.SplitSeq(words, "|") {
			labels[word] = kind
		}
	}
}

// labelOf returns which line of a repeated header this is, 0 for none. Bold labels may have become "*From:*".
func labelOf(line string) int {
	line = strings.TrimLeft(line, "*> ")
	at := strings.IndexAny(line, ":：")
	if at < 0 || at > 40 {
		return 0
	}
	return labels[strings.ToLower(strings.Trim(line[:at], "* "))]
}

// headerAt reports whether a repeated header begins at a line: who it came from and at least two more of when, to whom
// and what about, in lines that may be folded.
func headerAt(lines []string, i int) bool {
	if labelOf(lines[i])&(fromLabel|dateLabel) == 0 {
		return false
	}
	found, kinds, strange := 0, 0, 0
	for _, line := range lines[i:min(len(lines), i+14)] {
		kind := labelOf(line)
		switch {
		case kind == 0 && line == "" && kinds > 2:
			return found&fromLabel != 0
		case kind == 0:
			if strange++; strange > 3 {
				return found&fromLabel != 0 && kinds > 2
			}
		default:
			if found&kind == 0 && kind != copyLabel {
				kinds++
			}
			found |= kind
		}
	}
	return found&fromLabel != 0 && kinds > 2
}

// historyStart returns the index of the line from which on a message repeats another one, len(lines) if it does not.
// Lines are trimmed.
func historyStart(lines []string) int {
	for i, line := range lines {
		if line == "" {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(line)
		switch {
		case strings.IndexByte("-_=\xe2", line[0]) >= 0 && originalLine.MatchString(line):
		case (last == ':' || last == '：') && passedOnLine.MatchString(line):
		case headerAt(lines, i):
		default:
			continue
		}
		for i > 0 && (lines[i-1] == "" || ruleLine.MatchString(lines[i-1])) {
			i--
		}
		return i
	}
	return len(lines)
}

// maxAttribution is over how many lines an attribution may be broken.
const maxAttribution = 4

// attributedFrom returns how many of the last of these lines, trimmed, introduce the quote below them. Without a quote
// only English ones and "-- Original Message --" do.
func attributedFrom(lines []string, aboveQuote bool) int {
	joined := ""
	for n := 1; n <= maxAttribution && n <= len(lines); n++ {
		line := lines[len(lines)-n]
		if line == "" || len(joined)+len(line) > 600 || n > 1 && !strings.HasSuffix(joined, ":") && !strings.HasSuffix(joined, "：") && !strings.HasSuffix(joined, "-") {
			return 0
		}
		joined = strings.TrimSpace(line + " " + joined)
		if attribution.MatchString(joined) || n == 1 && originalLine.MatchString(joined) || aboveQuote && otherAttribution.MatchString(joined) {
			if n == 1 && len(lines) > 1 && !strings.ContainsFunc(joined, unicode.IsDigit) {
				upper := lines[len(lines)-2] // with the date, which hardly any client leaves out
				if strings.ContainsFunc(upper, unicode.IsDigit) && len(upper) < 200 && otherAttribution.MatchString(upper+" "+joined) {
					return 2
				}
			}
			return n
		}
	}
	return 0
}

// plainLine is a line as the rules read it.
func plainLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch r {
		case '\u00a0', '\u202f', '\u2007':
			return ' '
		case '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u2066', '\u2067', '\u2068', '\u2069', '\ufeff', '\r':
			return -1
		}
		return r
	}, s))
}

// StripQuotedText removes the history of a plain text reply: everything from a repeated header ("From: … Sent: …") or a
// line such as "-----Original Message-----" on; then, upwards from the end, lines that are blank, begin with ">", or
// introduce a quote ("On … wrote:" in the languages of the clients, also over several lines). It stops at the first other
// line, so quotes above an answer stay.
func StripQuotedText(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	plain := make([]string, len(lines))
	for i, line := range lines {
		plain[i] = plainLine(line[:min(len(line), 2000)])
	}
	n := historyStart(plain)
	quoted := n < len(lines)
	for n > 0 {
		if line := plain[n-1]; line == "" || strings.HasPrefix(line, ">") {
			quoted = quoted || line != ""
			n--
		} else if k := attributedFrom(plain[:n], quoted); k > 0 {
			n -= k
		} else {
			break
		}
	}
	return strings.TrimRight(strings.Join(lines[:n], "\n"), " \t\r\n")
}
