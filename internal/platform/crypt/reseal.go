package crypt

// Resealer seals secrets anew with a box's current key and counts what became of them.
type Resealer struct {
	Box        *Box
	Resealed   int
	Unreadable int // sealed with a key that the box does not have: left as they are
}

// Reseal puts a secret in its place under the current key. One that cannot be read stays what it is, for nothing can be
// lost by it; an empty one stays empty.
func (r *Resealer) Reseal(place string, secret *string) {
	if *secret == "" {
		return
	}
	plain, err := r.Box.Open(place, *secret)
	if err != nil {
		r.Unreadable++
		return
	}
	*secret = r.Box.Seal(place, plain)
	r.Resealed++
}
