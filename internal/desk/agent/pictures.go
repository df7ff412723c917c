package agent

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	maxPictureSenders = 500
	maxAddress        = 254 // RFC 5321 section 4.5.3.1.3, without the brackets
)

// changePictureSenders adds the addresses with true and takes out those with false. The addresses are kept in lower case, in order.
func (h *Habits) changePictureSenders(change map[string]bool) error {
	senders := slices.Clone(h.PictureSenders)
	for address, shown := range change {
		a, err := mail.ParseAddress(address)
		if err != nil || a.Address != address || len(address) > maxAddress {
			return fault.Field("picture_senders", "error.address_invalid", "value", address)
		}
		address = strings.ToLower(address)
		if at, known := slices.BinarySearch(senders, address); shown && !known {
			senders = slices.Insert(senders, at, address)
		} else if !shown && known {
			senders = slices.Delete(senders, at, at+1)
		}
	}
	if len(senders) > maxPictureSenders {
		return fault.Field("picture_senders", "error.too_many", "max", strconv.Itoa(maxPictureSenders))
	}
	h.PictureSenders = senders
	return nil
}
