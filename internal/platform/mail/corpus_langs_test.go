package mail

// tongue is how clients speak one language, and what is written in it in the mails that the corpus is made of.
type tongue struct {
	code, charset string // charset is the eight-bit one that clients of this language like
	subject       string
	fresh, old    []string  // paragraphs
	re, fw        string    // the prefixes of Outlook
	labels        [4]string // From, Sent, To, Subject
	longDate      string
	original      string // between dashes, over what is answered
	forwarded     string // between dashes, over what is passed on
	begin         string // Apple's line over what is passed on
	gmail, apple  string // attributions; %s is "Acme Help <help@acme.test>"
	thunderbird   string // attribution; %s is "Acme Help"
	yahoo, proton string
	iphone        string // signature
	android       string
}

var tongues = []tongue{
	{code: "en", charset: "iso-8859-1", subject: "Printer does not print", re: "RE", fw: "FW",
		fresh:  []string{"Thanks, that helped – it prints again.", "Could you send me the invoice for order 4711 as well?"},
		old:    []string{"Hello Bo,", "Please restart the printer and try again.", "Kind regards, Acme Help"},
		labels: [4]string{"From", "Sent", "To", "Subject"}, longDate: "Monday, March 2, 2026 10:00 AM",
		original: "Original Message", forwarded: "Forwarded message", begin: "Begin forwarded message:",
		gmail: "On Mon, Mar 2, 2026 at 10:00 AM %s wrote:", apple: "On 2 Mar 2026, at 10:00, %s wrote:", thunderbird: "On 3/2/26 10:00 AM, %s wrote:",
		yahoo: "On Monday, March 2, 2026 at 10:00:00 AM GMT+1, %s wrote:", proton: "On Monday, March 2nd, 2026 at 10:00 AM, %s wrote:",
		iphone: "Sent from my iPhone", android: "Get Outlook for Android"},
	{code: "de", charset: "windows-1252", subject: "Drucker druckt nicht mehr", re: "AW", fw: "WG",
		fresh:  []string{"Danke, das hat geholfen – er druckt wieder.", "Können Sie mir außerdem die Rechnung über 12,50 € schicken?"},
		old:    []string{"Guten Tag Bo,", "bitte starten Sie den Drucker neu und versuchen Sie es noch einmal.", "Viele Grüße, Acme Help"},
		labels: [4]string{"Von", "Gesendet", "An", "Betreff"}, longDate: "Montag, 2. März 2026 10:00",
		original: "Ursprüngliche Nachricht", forwarded: "Weitergeleitete Nachricht", begin: "Anfang der weitergeleiteten Nachricht:",
		gmail: "Am Mo., 2. März 2026 um 10:00 Uhr schrieb %s:", apple: "Am 02.03.2026 um 10:00 schrieb %s:", thunderbird: "Am 02.03.26 um 10:00 schrieb %s:",
		yahoo: "Am Montag, 2. März 2026 um 10:00:00 MEZ hat %s Folgendes geschrieben:", proton: "Am Montag, 2. März 2026 um 10:00, %s schrieb:",
		iphone: "Von meinem iPhone gesendet", android: "Outlook für Android herunterladen"},
	{code: "fr", charset: "iso-8859-15", subject: "L'imprimante n'imprime plus", re: "RE", fw: "TR",
		fresh:  []string{"Merci, ça marche à nouveau.", "Pourriez-vous m'envoyer la facture de la commande n° 4711 (12 €) ?"},
		old:    []string{"Bonjour Bo,", "Veuillez redémarrer l'imprimante et réessayer.", "Cordialement, Acme Help"},
		labels: [4]string{"De", "Envoyé", "À", "Objet"}, longDate: "lundi 2 mars 2026 10:00",
		original: "Message d'origine", forwarded: "Message transféré", begin: "Début du message transféré :",
		gmail: "Le lun. 2 mars 2026 à 10:00, %s a écrit :", apple: "Le 2 mars 2026 à 10:00, %s a écrit :", thunderbird: "Le 02/03/2026 à 10:00, %s a écrit :",
		yahoo: "Le lundi 2 mars 2026 à 10:00:00 UTC+1, %s a écrit :", proton: "Le lundi 2 mars 2026 à 10:00, %s a écrit :",
		iphone: "Envoyé de mon iPhone", android: "Télécharger Outlook pour Android"},
	{code: "es", charset: "iso-8859-1", subject: "La impresora no imprime", re: "RE", fw: "RV",
		fresh:  []string{"Gracias, ya funciona otra vez.", "¿Podrían enviarme también la factura del año pasado?"},
		old:    []string{"Hola Bo:", "Reinicie la impresora e inténtelo de nuevo, por favor.", "Un saludo, Acme Help"},
		labels: [4]string{"De", "Enviado el", "Para", "Asunto"}, longDate: "lunes, 2 de marzo de 2026 10:00",
		original: "Mensaje original", forwarded: "Mensaje reenviado", begin: "Inicio del mensaje reenviado:",
		gmail: "El lun, 2 mar 2026 a las 10:00, %s escribió:", apple: "El 2 mar 2026, a las 10:00, %s escribió:", thunderbird: "El 2/3/26 a las 10:00, %s escribió:",
		yahoo: "El lunes, 2 de marzo de 2026, 10:00:00 CET, %s escribió:", proton: "El lunes, 2 de marzo de 2026 a las 10:00, %s escribió:",
		iphone: "Enviado desde mi iPhone", android: "Obtener Outlook para Android"},
	{code: "it", charset: "windows-1252", subject: "La stampante non stampa più", re: "R", fw: "I",
		fresh:  []string{"Grazie, adesso funziona.", "Potreste inviarmi anche la fattura? È urgente."},
		old:    []string{"Buongiorno Bo,", "riavvii la stampante e riprovi.", "Cordiali saluti, Acme Help"},
		labels: [4]string{"Da", "Inviato", "A", "Oggetto"}, longDate: "lunedì 2 marzo 2026 10:00",
		original: "Messaggio originale", forwarded: "Messaggio inoltrato", begin: "Inizio messaggio inoltrato:",
		gmail: "Il giorno lun 2 mar 2026 alle ore 10:00 %s ha scritto:", apple: "Il giorno 2 mar 2026, alle ore 10:00, %s ha scritto:", thunderbird: "Il 02/03/26 10:00, %s ha scritto:",
		yahoo: "Il lunedì 2 marzo 2026 alle ore 10:00:00 CET, %s ha scritto:", proton: "Il lunedì 2 marzo 2026 alle 10:00, %s ha scritto:",
		iphone: "Inviato da iPhone", android: "Scarica Outlook per Android"},
	{code: "nl", charset: "iso-8859-1", subject: "Printer print niet meer", re: "RE", fw: "FW",
		fresh:  []string{"Bedankt, hij doet het weer.", "Kunt u mij ook de factuur sturen? Hartelijk dank, één kopie is genoeg."},
		old:    []string{"Beste Bo,", "Start de printer opnieuw op en probeer het nog eens.", "Met vriendelijke groet, Acme Help"},
		labels: [4]string{"Van", "Verzonden", "Aan", "Onderwerp"}, longDate: "maandag 2 maart 2026 10:00",
		original: "Oorspronkelijk bericht", forwarded: "Doorgestuurd bericht", begin: "Begin doorgestuurd bericht:",
		gmail: "Op ma 2 mrt 2026 om 10:00 schreef %s:", apple: "Op 2 mrt 2026, om 10:00 heeft %s het volgende geschreven:", thunderbird: "Op 02-03-2026 om 10:00 schreef %s:",
		yahoo: "Op maandag 2 maart 2026 om 10:00:00 CET schreef %s:", proton: "Op maandag 2 maart 2026 om 10:00 schreef %s:",
		iphone: "Verstuurd vanaf mijn iPhone", android: "Outlook voor Android downloaden"},
	{code: "pl", charset: "iso-8859-2", subject: "Drukarka nie drukuje", re: "ODP", fw: "PD",
		fresh:  []string{"Dziękuję, już działa.", "Czy mogą Państwo przesłać fakturę za styczeń? Będę wdzięczny."},
		old:    []string{"Dzień dobry,", "proszę zrestartować drukarkę i spróbować ponownie.", "Pozdrawiamy, Acme Help"},
		labels: [4]string{"Od", "Wysłano", "Do", "Temat"}, longDate: "poniedziałek, 2 marca 2026 10:00",
		original: "Oryginalna wiadomość", forwarded: "Przekazana wiadomość", begin: "Początek przekazywanej wiadomości:",
		gmail: "pon., 2 mar 2026 o 10:00 %s napisał(a):", apple: "Wiadomość napisana przez %s w dniu 2 mar 2026, o godz. 10:00:", thunderbird: "W dniu 2.03.2026 o 10:00, %s pisze:",
		yahoo: "W dniu poniedziałek, 2 marca 2026 10:00:00 CET użytkownik %s napisał:", proton: "W dniu poniedziałek, 2 marca 2026 10:00 %s napisał(a):",
		iphone: "Wysłane z iPhone'a", android: "Pobierz program Outlook dla systemu Android"},
	{code: "ru", charset: "koi8-r", subject: "Принтер не печатает", re: "RE", fw: "FW",
		fresh:  []string{"Спасибо, теперь всё работает.", "Пришлите, пожалуйста, счёт за заказ 4711."},
		old:    []string{"Здравствуйте, Бо!", "Перезагрузите принтер и попробуйте ещё раз.", "С уважением, Acme Help"},
		labels: [4]string{"От", "Отправлено", "Кому", "Тема"}, longDate: "2 марта 2026 г. 10:00",
		original: "Исходное сообщение", forwarded: "Пересылаемое сообщение", begin: "Начало переадресованного сообщения:",
		gmail: "пн, 2 мар. 2026 г. в 10:00, %s:", apple: "2 марта 2026 г., в 10:00, %s написал(а):", thunderbird: "02.03.2026 10:00, %s пишет:",
		yahoo: "понедельник, 2 марта 2026 г. в 10:00:00 GMT+1, %s написал(а):", proton: "понедельник, 2 марта 2026 г. в 10:00, %s написал(а):",
		iphone: "Отправлено с iPhone", android: "Скачать Outlook для Android"},
	{code: "fa", charset: "utf-8", subject: "چاپگر چاپ نمی\u200cکند", re: "RE", fw: "FW",
		fresh:  []string{"سپاس، دوباره کار می\u200cکند.", "لطفاً صورت\u200cحساب سفارش ۴۷۱۱ را هم بفرستید."},
		old:    []string{"سلام،", "لطفاً چاپگر را دوباره روشن کنید و باز امتحان کنید.", "با احترام، Acme Help"},
		labels: [4]string{"از", "ارسال", "به", "موضوع"}, longDate: "دوشنبه، ۲ مارس ۲۰۲۶ ۱۰:۰۰",
		original: "پیام اصلی", forwarded: "پیام هدایت شده", begin: "Begin forwarded message:",
		gmail: "در تاریخ دوشنبه ۲ مارس ۲۰۲۶،\u200f ۱۰:۰۰ %s نوشت:", apple: "در تاریخ ۲ مارس ۲۰۲۶، ساعت ۱۰:۰۰، %s نوشت:", thunderbird: "در ۱۴۰۴/۱۲/۱۱ ۱۰:۰۰، %s نوشت:",
		yahoo: "در دوشنبه، ۲ مارس ۲۰۲۶،\u200f ۱۰:۰۰:۰۰، %s نوشت:", proton: "در دوشنبه ۲ مارس ۲۰۲۶، %s نوشت:",
		iphone: "از آیفون من فرستاده شده", android: "دریافت Outlook برای Android"},
	{code: "ja", charset: "iso-2022-jp", subject: "プリンターが印刷しません", re: "RE", fw: "FW",
		fresh:  []string{"ありがとうございます。印刷できるようになりました。", "請求書も送っていただけますか。"},
		old:    []string{"お世話になっております。", "プリンターを再起動して、もう一度お試しください。", "Acme Help"},
		labels: [4]string{"差出人", "送信日時", "宛先", "件名"}, longDate: "2026年3月2日 10:00",
		original: "元のメッセージ", forwarded: "転送メッセージ", begin: "転送されたメッセージ:",
		gmail: "2026年3月2日(月) 10:00 %s:", apple: "2026/03/02 10:00、%sのメール:", thunderbird: "2026/03/02 10:00, %s wrote:",
		yahoo: "2026年3月2日月曜日 10:00:00 JST、%s さんは書きました:", proton: "2026年3月2日月曜日 10:00、%s さんは書きました：",
		iphone: "iPhoneから送信", android: "Outlook for Android を入手"},
}
