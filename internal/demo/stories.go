package demo

// turn is one message of a story: who speaks (c customer, a agent, n private note) and what. {order}, {product} and
// {agent} are filled in; text that begins with "<" is HTML.
type turn struct {
	who  byte
	text string
}

// story is a conversation that happens, with other names and products, again and again.
type story struct {
	subject string
	team    string
	tags    []string
	urgent  bool
	people  []person
	turns   []turn
}

type person struct{ first, last, email string }

var products = []string{"Halden desk lamp", "Fjord armchair", "Nordlys floor lamp", "Brisk kettle", "Lofoten wool throw", "Ask oak shelf", "Skagen side table", "Sund coffee grinder"}

var english = []person{
	{"Ida", "Berg", "ida.berg@example.com"}, {"Marcus", "Webb", "marcus.webb@example.org"}, {"Priya", "Nair", "priya.nair@example.net"},
	{"Tom", "Okafor", "tom@okafor.example"}, {"Grace", "Liu", "grace.liu@example.com"}, {"Hannah", "Cole", "hannah@coleandsons.example"},
	{"Yusuf", "Demir", "yusuf.demir@example.org"}, {"Olivia", "Hart", "olivia.hart@example.net"}, {"Daniel", "Novak", "d.novak@coleandsons.example"},
	{"Sara", "Lindqvist", "sara.l@example.org"}, {"Ben", "Achterberg", "ben@achterberg.example"}, {"Amara", "Diallo", "amara@okafor.example"},
}

var stories = []story{
	{subject: "Order {order} has not arrived", team: "Shipping", tags: []string{"delivery"}, people: english, turns: []turn{
		{'c', "Hi there,\n\nI ordered the {product} nine days ago (order {order}) and the tracking page has said \"handed to carrier\" ever since. Could you find out where it is?\n\nThanks"},
		{'n', "Carrier portal shows it stuck at the Hamburg hub since Tuesday. Opened a trace."},
		{'a', "<p>Hello,</p><p>I'm sorry about the wait. The parcel is held up at the carrier's hub in Hamburg. I have asked them to trace it and will write to you by tomorrow noon, whatever they answer.</p><p>Best wishes,<br>{agent}</p>"},
		{'c', "Thank you for the quick answer. Tomorrow is fine."},
		{'a', "<p>Good news: it left Hamburg this morning and should be with you on Thursday.</p><p>{agent}</p>"}}},
	{subject: "{product} arrived damaged", team: "Returns", tags: []string{"damaged", "refund"}, urgent: true, people: english, turns: []turn{
		{'c', "<p>Hello,</p><p>My <b>{product}</b> came today and one side is <span style=\"color:#c00\">cracked</span>. The box looked fine from outside.</p><ul><li>Order: {order}</li><li>Delivered: this morning</li></ul><p>Can you send a new one?</p>"},
		{'a', "<p>Hello,</p><p>I'm sorry it reached you like that. A new {product} leaves our warehouse today; you do not need to send the broken one back.</p><p>{agent}</p>"},
		{'c', "That was easy. Thank you!"}}},
	{subject: "Invoice for order {order}", team: "Billing", tags: []string{"invoice"}, people: english, turns: []turn{
		{'c', "Could you send me an invoice for order {order} with our VAT number? It is NL8120.44.211.B01."},
		{'a', "<p>Of course. The invoice with your VAT number is on its way to you in a separate mail.</p><p>{agent}</p>"}}},
	{subject: "Can I change the delivery address?", team: "Shipping", tags: []string{"delivery"}, people: english, turns: []turn{
		{'c', "I moved last week and forgot to change my address. Order {order} should go to 14 Harbour Street instead. Is it too late?"}}},
	{subject: "Charged twice for {order}", team: "Billing", tags: []string{"refund", "payment"}, urgent: true, people: english, turns: []turn{
		{'c', "Hello, my bank shows two charges of the same amount for order {order}. Please refund one of them."},
		{'n', "Second one is only an authorisation, it expires on Friday. @Leo can you confirm with the payment provider?"}}},
	{subject: "Question about the {product}", team: "Care", tags: []string{"presales"}, people: english, turns: []turn{
		{'c', "Hi! Does the {product} come in a darker oak as well? And is the cord long enough for a 2.8 m ceiling?\n\nCheers"},
		{'a', "<p>Hello,</p><p>Yes, there is a smoked oak version, and the cord is 3 metres long.</p><p>{agent}</p>"},
		{'c', "Perfect, I will order one then."}}},
	{subject: "Password reset mail does not come", team: "Care", tags: []string{"account"}, people: english, turns: []turn{
		{'c', "I asked for a new password three times and nothing arrives. I looked in the spam folder too."}}},
	{subject: "Wrong size, would like to exchange", team: "Returns", tags: []string{"exchange"}, people: english, turns: []turn{
		{'c', "The {product} is lovely but too big for our hallway. Could I exchange it for the small one? Order {order}."},
		{'a', "<p>Gladly. I have attached nothing but good news: the small one is reserved for you, and the label for the return is in your account under <i>Orders</i>.</p><p>{agent}</p>"}}},
	{subject: "Lieferung {order} unvollständig", team: "Shipping", tags: []string{"delivery"}, people: []person{
		{"Jürgen", "Weiß", "juergen.weiss@beispiel.example"}, {"Anke", "Großmann", "anke@grossmann.example"}, {"Lukas", "Müller", "lukas.mueller@beispiel.example"}}, turns: []turn{
		{'c', "Guten Tag,\n\nin meinem Paket zur Bestellung {order} fehlte leider die Glühbirne für die Lampe. Können Sie diese nachsenden?\n\nMit freundlichen Grüßen"},
		{'a', "<p>Guten Tag,</p><p>das tut mir leid. Die Glühbirne geht heute noch an Sie heraus.</p><p>Freundliche Grüße<br>{agent}</p>"},
		{'c', "Vielen Dank für die schnelle Hilfe!"}}},
	{subject: "Problème avec ma commande {order}", team: "Care", tags: []string{"delivery"}, people: []person{
		{"Élodie", "Marchand", "elodie.marchand@exemple.example"}, {"François", "Lefèvre", "f.lefevre@exemple.example"}}, turns: []turn{
		{'c', "Bonjour,\n\nJ'ai reçu le mauvais article : j'avais commandé « {product} » et j'ai reçu une table. Comment puis-je l'échanger ?\n\nMerci d'avance"}}},
	{subject: "¿Cuándo llega mi pedido {order}?", team: "Shipping", tags: []string{"delivery"}, people: []person{
		{"Lucía", "Fernández", "lucia.fernandez@ejemplo.example"}, {"Íñigo", "Ruiz", "inigo@ruiz.example"}}, turns: []turn{
		{'c', "Hola, hice un pedido hace una semana y todavía no tengo noticias. ¿Me pueden decir cuándo llega?"},
		{'a', "<p>Hola,</p><p>Su pedido sale mañana y llega el jueves. Disculpe la espera.</p><p>{agent}</p>"}}},
	{subject: "سؤال عن الطلب {order}", team: "Care", tags: []string{"account"}, people: []person{
		{"ليلى", "حداد", "layla.haddad@mithal.example"}, {"عمر", "سالم", "omar.salem@mithal.example"}}, turns: []turn{
		{'c', "مرحباً،\n\nهل يمكنني تغيير لون المنتج {product} في الطلب {order} قبل الشحن؟\n\nشكراً لكم"}}},
	{subject: "注文 {order} について", team: "Care", tags: []string{"presales"}, people: []person{
		{"健太", "佐藤", "kenta.sato@rei.example"}, {"美咲", "田中", "misaki.tanaka@rei.example"}}, turns: []turn{
		{'c', "お世話になっております。\n\n{product} を日本へ配送していただけますか。送料も教えてください。\n\nよろしくお願いいたします。"},
		{'a', "<p>お問い合わせありがとうございます。はい、日本への配送は可能です。送料は 24 ユーロです。</p><p>{agent}</p>"}}},
	{subject: "Вопрос о гарантии", team: "Returns", tags: []string{"warranty"}, people: []person{
		{"Анна", "Кузнецова", "anna.k@primer.example"}}, turns: []turn{
		{'c', "Здравствуйте! Через полгода перестала работать лампа {product}. Действует ли гарантия? Номер заказа {order}."}}},
	{subject: "Wholesale price list", team: "Billing", tags: []string{"presales"}, people: []person{
		{"Beatrix", "Hollander", "procurement@hotel-hollander.example"}, {"Pieter", "Vos", "pieter.vos@hotel-hollander.example"}, {"Nadia", "Rossi", "nadia@rossi-interiors.example"}}, turns: []turn{
		{'c', "<div style=\"font-family:Georgia,serif\"><h2 style=\"color:#234\">Hotel Hollander</h2><p>Dear team,</p><p>we are furnishing 42 rooms and would like an offer for:</p><table border=\"1\" cellpadding=\"6\" style=\"border-collapse:collapse\"><tr><th>Article</th><th>Pieces</th></tr><tr><td>{product}</td><td>42</td></tr><tr><td>Skagen side table</td><td>84</td></tr></table><p>Delivery by the end of next month.</p><p style=\"color:#777;font-size:12px\">Beatrix Hollander · Procurement</p></div>"},
		{'n', "Big one. Finance allows 18 % from 40 pieces."},
		{'a', "<p>Dear Ms Hollander,</p><p>thank you for thinking of us. You will have our offer by Wednesday.</p><p>{agent}</p>"}}},
	{subject: "Newsletter: unsubscribe me please", team: "Care", tags: []string{"account"}, people: english, turns: []turn{
		{'c', "Please take me off the newsletter. The link at the bottom asks me to sign in and I do not have an account."},
		{'a', "<p>Done. You will not get another one.</p><p>{agent}</p>"}}},
}
