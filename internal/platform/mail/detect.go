package mail

import (
	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
)

// Detection needs enough text to be right and never needs all of it.
const (
	detectMin   = 60
	detectMax   = 4 << 10
	detectScore = 45
)

// detect guesses the charset of unlabelled eight-bit text; nil when the text is too short or nothing fits well.
func detect(b []byte) encoding.Encoding {
	if len(b) < detectMin {
		return nil
	}
	if len(b) > detectMax {
		b = b[:detectMax]
	}
	r, err := chardet.NewTextDetector().DetectBest(b)
	if err != nil || r.Confidence < detectScore {
		return nil
	}
	return lookup(r.Charset)
}
