package api

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// references is a list of things by their names or ids: ["Agent", 7]. Clients know names; an id still means the same
// thing when somebody gives it another name. Both lists are nil for null, and not nil otherwise.
type references struct {
	names []string
	ids   []int64
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *references) UnmarshalJSON(raw []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		return err
	}
	r.names, r.ids = []string{}, []int64{}
	for _, one := range list {
		var name string
		if json.Unmarshal(one, &name) == nil && string(one) != "null" {
			r.names = append(r.names, name)
			continue
		}
		var id *int64
		if err := json.Unmarshal(one, &id); err != nil || id == nil {
			return fmt.Errorf("%s is neither a name nor an id", one)
		}
		r.ids = append(r.ids, *id)
	}
	return nil
}

// Schema implements huma.SchemaProvider.
func (references) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Nullable: true, Items: &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeInteger}}}}
}
