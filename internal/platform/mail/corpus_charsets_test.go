package mail

import (
	"strings"
)

// scripts are words that a charset was made for.
var scripts = []struct{ charset, subject, body string }{
	{"iso-8859-1", "Año nuevo", "¿Qué tal? Ihre Größe passt, déjà vu."},
	{"iso-8859-2", "Zażółć gęślą jaźń", "Příliš žluťoučký kůň úpěl ďábelské ódy."},
	{"iso-8859-3", "Eĥoŝanĝo", "Ĉiuĵaŭde eĥoŝanĝo, Malta: ħobż u żejt."},
	{"iso-8859-4", "Rūķīšu", "Glāžšķūņa rūķīši, põder ja ānis."},
	{"iso-8859-5", "Вопрос", "Съешь же ещё этих мягких французских булок."},
	{"iso-8859-6", "سؤال", "مرحبا، الطابعة لا تعمل."},
	{"iso-8859-7", "Ερώτηση", "Ο εκτυπωτής δεν λειτουργεί."},
	{"iso-8859-8", "שאלה", "המדפסת אינה עובדת."},
	{"iso-8859-9", "İade isteği", "Yazıcı çalışmıyor, ğüşöç."},
	{"iso-8859-10", "Æðþ", "Kæmi ný öxi hér, ykist þjófum nú bæði víl og ádrepa. Čáŋ."},
	{"iso-8859-13", "Žąsis", "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė."},
	{"iso-8859-14", "Ŵyth", "Parciais fy jac codi baw hud llawn dŵr ger tŷ Mabon."},
	{"iso-8859-15", "12 € zurück", "Das kostet 12 €, cœur, Žižek."},
	{"iso-8859-16", "Întrebare", "Muzicologă în bej vând whisky și tequila, preț fix."},
	{"windows-1250", "Těžký dotaz", "Příliš žluťoučký kůň – „ódy“."},
	{"windows-1251", "Заказ №4711", "Съешь же ещё этих «булок» – да выпей чаю."},
	{"windows-1252", "“Quotes” – 5 €", "It’s “quoted” – 5 € …"},
	{"windows-1253", "Ερώτηση €", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία."},
	{"windows-1254", "İade €", "Pijamalı hasta yağız şoföre çabucak güvendi."},
	{"windows-1255", "שאלה ₪", "דג סקרן שט בים מאוכזב."},
	{"windows-1256", "سؤال", "چاپگر: مرحبا، الطابعة لا تعمل؟"},
	{"windows-1257", "Žąsis €", "Įlinkdama fechtuotojo špaga – „ė“."},
	{"windows-1258", "Gia đơn", "Đơn hang cua tôi đa đên chưa?"},
	{"windows-874", "คำถาม", "เครื่องพิมพ์ไม่ทำงาน"},
	{"koi8-r", "Вопрос", "Принтер не печатает, помогите."},
	{"koi8-u", "Запитання", "Їжак і ґанок, є питання."},
	{"macintosh", "Größe", "Señor Müller — “déjà vu”"},
	{"x-mac-cyrillic", "Вопрос", "Принтер не печатает — помогите."},
	{"ibm866", "Вопрос", "Принтер не печатает, помогите."},
	{"gbk", "打印机问题", "您好，打印机不能打印，请帮忙。"},
	{"gb18030", "打印机问题", "您好，打印机不能打印。㐀𠀀"},
	{"big5", "印表機問題", "您好，印表機無法列印，請協助。"},
	{"euc-jp", "プリンター", "プリンターが動きません。ﾊﾝｶｸ"},
	{"shift_jis", "プリンター", "プリンターが動きません。表示ソ能"},
	{"iso-2022-jp", "プリンター", "プリンターが動きません。"},
	{"euc-kr", "프린터 문제", "프린터가 작동하지 않습니다. 도와주세요."},
	{"utf-8", "Smile 🙂", "Ελληνικά, 日本語, فارسی\u200cها, 👩‍👧 😀"},
}

// charsets are the families of charsets in plain text with Q-encoded subjects, and in HTML with B-encoded ones.
func charsets() (out []sample) {
	for _, s := range scripts {
		encoding := "8bit"
		if strings.HasPrefix(s.charset, "iso-2022") {
			encoding = "7bit"
		}
		plain := letterhead{id: "plain-" + s.charset, subject: s.subject, charset: s.charset, kind: "Q"}
		want := plain.reading()
		want.Text, want.Own = s.body, s.body
		out = append(out, sample{"charsets/plain-" + s.charset, plain.write(textPart("plain", s.charset, encoding, s.body)), want})

		rich := letterhead{id: "html-" + s.charset, subject: s.subject, charset: s.charset, kind: "B"}
		want = rich.reading()
		want.HTML, want.Own = "<html><body><p>"+s.body+"</p></body></html>", s.body
		out = append(out, sample{"charsets/html-" + s.charset, rich.write(textPart("html", s.charset, "base64", want.HTML)), want})
	}
	return out
}
