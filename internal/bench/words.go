package bench

import (
	"math/rand/v2"
	"strings"
)

// words are what generated texts are made of and what the search row searches for.
var words = strings.Fields(`order invoice parcel refund delivery address account password tracking number package
	courier broken screen battery charger colour size exchange return label payment card transfer bank receipt
	subscription renewal cancel upgrade plan licence seat team export import report calendar meeting booking
	reservation flight hotel room key breakfast garden window kitchen table lamp shelf screwdriver manual
	assembly missing piece replacement warranty repair technician appointment morning afternoon yesterday
	tomorrow weekend holiday urgent please thanks question answer problem solution screenshot browser phone
	tablet laptop update version install error message server login email newsletter unsubscribe privacy
	consent contract signature document scan upload download folder picture video sound camera lens tripod
	bicycle helmet tyre chain saddle pump jacket trousers shoes socks scarf gloves umbrella coffee tea bread
	butter cheese apple orange lemon pepper salt sugar flour recipe oven kettle freezer washing machine dryer
	carpet curtain pillow blanket mattress frame mirror candle flower vase plant soil water light switch cable`)

// text writes sentences of about n words, common words first, as people do.
func text(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		// Squaring the draw makes the first words several times as frequent as the last.
		draw := r.Float64()
		b.WriteString(words[int(draw*draw*float64(len(words)))])
	}
	b.WriteByte('.')
	return b.String()
}
